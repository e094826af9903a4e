-- One row per person. `roles` is a JSON array of names.
CREATE TABLE accounts (
  id TEXT PRIMARY KEY,
  status TEXT NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'blocked', 'closed')),
  roles TEXT NOT NULL DEFAULT '[]' CHECK (json_type(roles) = 'array'),
  created_at INTEGER NOT NULL DEFAULT (unixepoch())
) STRICT;

-- One row per person and mini program. `user_id` is the userId of code2session.
CREATE TABLE identities (
  user_id TEXT PRIMARY KEY,
  appid TEXT NOT NULL,
  openid TEXT NOT NULL,
  unionid TEXT,
  account_id TEXT NOT NULL REFERENCES accounts (id),
  created_at INTEGER NOT NULL DEFAULT (unixepoch()),
  UNIQUE (appid, openid)
) STRICT;

CREATE INDEX identities_by_unionid ON identities (unionid);
CREATE INDEX identities_by_account ON identities (account_id);
