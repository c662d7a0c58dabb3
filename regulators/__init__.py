"""What a regulator does: recalls, their scope, and who has to be told."""
