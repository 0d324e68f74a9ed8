"""What runs after what: Prefect flows over the stages in `tasks`, and the command that starts them."""
