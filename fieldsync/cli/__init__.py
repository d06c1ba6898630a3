"""The operator's commands. Each explains itself with --help, and answers in JSON with --json."""
