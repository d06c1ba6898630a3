"""One function a task; takes a session, never commits."""
