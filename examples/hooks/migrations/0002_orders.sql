-- One row per order of the shop. `total` is in fen. `asked_at` is when WeChat Pay was last asked.
CREATE TABLE orders (
  out_trade_no TEXT PRIMARY KEY,
  user_id TEXT NOT NULL,
  appid TEXT NOT NULL,
  openid TEXT NOT NULL,
  product TEXT NOT NULL,
  total INTEGER NOT NULL CHECK (total > 0),
  currency TEXT NOT NULL DEFAULT 'CNY',
  state TEXT NOT NULL DEFAULT 'unpaid' CHECK (state IN ('unpaid', 'paid', 'closed', 'refunded')),
  created_at INTEGER NOT NULL DEFAULT (unixepoch()),
  asked_at INTEGER NOT NULL DEFAULT 0,
  next_query_at INTEGER NOT NULL DEFAULT (unixepoch() + 60)
) STRICT;

CREATE INDEX orders_by_user ON orders (user_id, created_at);
CREATE INDEX orders_to_query ON orders (next_query_at) WHERE state = 'unpaid';

-- What has been delivered. The primary key makes it once per order.
CREATE TABLE deliveries (
  out_trade_no TEXT PRIMARY KEY REFERENCES orders (out_trade_no),
  user_id TEXT NOT NULL,
  product TEXT NOT NULL,
  delivered_at INTEGER NOT NULL DEFAULT (unixepoch())
) STRICT;
