"""The differential fuzzer of cached serializers: warm bytes == cold bytes == what plain DRF makes of the database."""
