"""What people and operators say to an order, from its row to its verdict; never the effect, which is the workflow's."""
