"""A study in the formats of others: Motion-BIDS, FHIR R4, plain tables."""
