"""The web application: it parses, calls the engine, and wraps; it does no arithmetic."""
