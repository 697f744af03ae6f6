# syntax=docker/dockerfile:1.7
# One image for the workers and services of both forms, and for `ems`; which of them a container runs is its command.

FROM node:24.21.0-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc tsconfig.json ./
RUN npm ci --ignore-scripts
COPY scripts/finish-build.ts ./scripts/
COPY src ./src
RUN npm run build

FROM node:24.21.0-bookworm-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --ignore-scripts

# Not alpine: the SDK's native core is built against glibc.
FROM node:24.21.0-bookworm-slim
ENV NODE_ENV=production
WORKDIR /app
# TLS to Temporal and to the critical systems needs the certificate authorities.
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates && rm -rf /var/lib/apt/lists/*
COPY --from=dependencies /app/node_modules ./node_modules
COPY --from=build /app/dist/src ./dist/src
COPY templates ./templates
COPY console ./console
COPY package.json ems.config.yaml ./
USER node
ENTRYPOINT ["node", "--enable-source-maps"]
CMD ["dist/src/worker.js"]
