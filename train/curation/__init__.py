"""Which labels to doubt, and which rows to label next: a quick learner that is fitted in seconds, or a model folder."""
