"""Tables and queries; nothing here commits."""
