/** The bare Worker in a bundle with the whole Worker, which is evaluated and answers nothing. */

export { default as evaluated } from '../../../src/workers/login-worker'
export { default, LoginService } from './bare'
