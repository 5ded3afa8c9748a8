"""Station: which clocks run on an order, who must act, and why."""
