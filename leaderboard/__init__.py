"""SLA Leaderboard: an agreement between sales and marketing becomes points, ranks and bonuses."""
