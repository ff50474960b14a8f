"""DynamoDB: the only package that says PK."""
