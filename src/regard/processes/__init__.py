"""A process that answers words with lines of JSON: both ends of the conversation."""
