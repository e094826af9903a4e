/** Compiles if the client takes WeChat's own `wx`: checked, never run. */

/// <reference types="miniprogram-api-typings" />

import { createClient, type Wx } from '../../../src/client'

export const client = createClient({ baseUrl: 'https://login.example', wx })

/** The `wx` of a mini game lacks functions of a mini program's. */
type Game = Omit<
  typeof wx,
  'getUserInfo' | 'getWeRunData' | 'getSetting' | 'authorize' | 'openSetting' | 'requestPayment'
>
export const toWx = (game: Game): Wx => game
