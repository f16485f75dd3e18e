"""The only user of Pillow; training and serving share it, so they cannot drift apart."""
