/**
 * Formats a time in local time. `toLocaleString` would differ from phone to phone.
 *
 * @param {number | string} time Unix milliseconds or ISO 8601
 * @returns {string} such as `2026-09-21 08:30`
 */
function formatTime(time) {
  const date = new Date(time)
  const two = (/** @type {number} */ number) => `${number}`.padStart(2, '0')
  const day = [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())].join('-')
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}`
}

module.exports = { formatTime }
