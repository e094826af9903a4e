/** Compiles if WeChat's own `wx` is what the client takes: checked, never run. */

/// <reference types="miniprogram-api-typings" />

import { createClient } from '../../../src/client'

export const client = createClient({ baseUrl: 'https://login.example', wx })
