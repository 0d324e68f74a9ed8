"""Text that is hostile or unfit to learn from: hidden characters, orders to the model, floods, backdoors, abuse."""
