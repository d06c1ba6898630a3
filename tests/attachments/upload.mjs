// tus-js-client in Node, over a link that is cut: node upload.mjs URL TOKEN FILE SHA256. Prints where the file went.
import { createReadStream, statSync } from 'node:fs'
import { createRequire } from 'node:module'

const { Upload } = createRequire(new URL('../../fieldsync/web/package.json', import.meta.url))('tus-js-client')
const [endpoint, token, path, sha256] = process.argv.slice(2)

const upload = new Upload(createReadStream(path), {
  endpoint,
  chunkSize: 8192,
  uploadSize: statSync(path).size,
  retryDelays: Array(400).fill(5),
  headers: { Authorization: `Bearer ${token}` },
  metadata: { sha256, filename: 'IMG_2.jpg' },
  onError: (error) => {
    process.stderr.write(`${error}\n`)
    process.exitCode = 1
  },
  onSuccess: () => process.stdout.write(`${upload.url}\n`),
})
upload.start()
