"""What every part stands on: time, money, ids, states, problems, text, canonical JSON, cryptography."""
