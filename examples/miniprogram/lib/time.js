/** Milliseconds or ISO 8601 as local time; toLocaleString differs from phone to phone. */
function timeOf(value) {
  const date = new Date(value)
  const two = (number) => `${number}`.padStart(2, '0')
  const day = [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())].join('-')
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}`
}

module.exports = { timeOf }
