/** Runs simulations in workerd: the body names one and its options, and the answer is its result. */

import { type AccessTokenDay, type AccessTokenOptions, simulateAccessToken } from './access-token'
import {
  type EndedSessions,
  type EndedSessionsOptions,
  simulateEndedSessions,
} from './ended-sessions'
import { type Day, type DayOptions, simulateDay } from './population'

export interface SimulationRequest {
  readonly day?: DayOptions
  readonly accessToken?: AccessTokenOptions
  readonly endedSessions?: EndedSessionsOptions
}

export interface SimulationResult {
  readonly day: Day | null
  readonly accessToken: AccessTokenDay | null
  readonly endedSessions: EndedSessions | null
}

export default {
  async fetch(request) {
    const { day, accessToken, endedSessions } = await request.json<SimulationRequest>()
    const result: SimulationResult = {
      day: day ? await simulateDay(day) : null,
      accessToken: accessToken ? await simulateAccessToken(accessToken) : null,
      endedSessions: endedSessions ? await simulateEndedSessions(endedSessions) : null,
    }
    return Response.json(result)
  },
} satisfies ExportedHandler
