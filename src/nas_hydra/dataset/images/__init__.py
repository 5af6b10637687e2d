"""Images and masks in files: where they lie, what their headers say, and their pixels."""
