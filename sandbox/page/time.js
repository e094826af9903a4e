/** Times and durations as text. Every time on the page is the sandbox's, in UTC. */

import { texts } from './language.js'

const DAY = 86_400
const HOUR = 3600
const MINUTE = 60

/** `2026-11-21 00:40:16 UTC`, from Unix seconds. */
export function formatTime(seconds) {
  return `${new Date(seconds * 1000).toISOString().slice(0, 19).replace('T', ' ')} UTC`
}

/** `5 min 1 s` */
export function formatDuration(seconds) {
  const { day, hour, minute, second } = texts.units
  const parts = [
    [Math.floor(seconds / DAY), day],
    [Math.floor((seconds % DAY) / HOUR), hour],
    [Math.floor((seconds % HOUR) / MINUTE), minute],
    [seconds % MINUTE, second],
  ]
  return parts
    .filter(([count]) => count > 0)
    .map(([count, unit]) => count + unit)
    .join(' ')
}
