"""Sessions, prescriptions and check-ins become answers."""
