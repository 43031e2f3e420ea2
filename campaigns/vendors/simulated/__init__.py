"""What the vendors' simulators share: the people who answer, the truth that is kept, the faults. No vendor word."""
