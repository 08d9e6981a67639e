"""What people are told without asking: watched for, kept once each, and delivered by mail and signed webhook."""
