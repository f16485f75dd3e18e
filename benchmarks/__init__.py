"""What this program costs, side by side with what people would use instead: ``make bench``."""
