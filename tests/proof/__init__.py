"""The proof: sends are killed, doubled, delayed and refused wherever that can happen, and afterwards everything is counted."""
