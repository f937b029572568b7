"""What became of the models' promises."""
