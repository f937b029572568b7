"""What campaigns brought: response, extra spend against those left alone or alike, and who responds."""
