-- One row per mini program that the settings of the login Worker do not have. `sealed` is base64 of
-- AES-256-GCM (nonce, ciphertext, tag) under MINI_PROGRAMS_KEY, with the AppID as additional data, of
-- the JSON that findMiniProgram answers.
CREATE TABLE mini_programs (
  appid TEXT PRIMARY KEY,
  sealed TEXT NOT NULL,
  created_at INTEGER NOT NULL DEFAULT (unixepoch())
) STRICT;
