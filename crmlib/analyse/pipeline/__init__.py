"""The sales pipeline: how long deals take, how they move, whom to ask next, where they come from."""
