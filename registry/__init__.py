"""What exists: people, repositories, git objects, blobs and the audit trail."""
