module.exports = require('./client')
