"""The nouns that the recipes share: specs, data, models, metrics, checkpoints. No Django here."""
