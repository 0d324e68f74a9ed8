"""Every figure in the README, side by side with a peer where there is one."""
