'use strict';
const ITEMS = {
  'oak-table': { name: 'Oak table', cents: 42900, tiers: { trade: 0.85, staff: 0.7 } },
  'desk-lamp': { name: 'Desk lamp', cents: 5900, tiers: { trade: 0.9 } },
  'wall-clock': { name: 'Wall clock', cents: 3450 },
};

exports.all = () => Object.entries(ITEMS).map(([id, item]) => ({ id, name: item.name }));

exports.quote = (id, tier) => {
  const item = ITEMS[id];
  if (!item) return { id, cents: null };
  const factor = tier && item.tiers ? item.tiers[tier] || 1 : 1;
  return { id, cents: Math.round(item.cents * factor) };
};
