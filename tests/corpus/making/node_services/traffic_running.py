"""What incidents of who serves are asked of the catalogue."""

PATHS = ("/v2/items", "/v2/items/wall-clock/price", "/v2/items/oak-table/price")


FLAW = {
    "lib/prices.js": (
        "tier && item.tiers ? item.tiers[tier] || 1 : 1",
        "item.tiers[tier || 'list'] || 1",
    )
}


HOST = "catalogue-k7c2nq5xla-ew.a.run.app"
