# Sources are listed as they are written.
