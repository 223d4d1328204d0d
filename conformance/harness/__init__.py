"""What the suites share: starting a server, and speaking to it as real clients and as a hostile one do."""
