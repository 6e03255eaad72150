"""What people do: pull requests, submissions, tracks, runs, reviews, releases and credit."""
