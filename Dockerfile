# Holdfast with PostgreSQL's programs of every supported major version: pg_dump and scratch servers must be
# of the very major version of a source. Runs as an unprivileged user; configuration and keys are mounted.
#
#   docker build -t holdfast:0.1.0 .
#   docker run --rm -v "$PWD:/etc/holdfast:ro" holdfast:0.1.0 doctor

FROM node:24.21.0-bookworm-slim AS build
WORKDIR /opt/holdfast
COPY package.json package-lock.json ./
# No package's install script is needed for the build: the base image brings Node.
RUN npm ci --ignore-scripts
COPY tsconfig.json ./
COPY scripts/build.ts ./scripts/
COPY src ./src
RUN npm run build && npm prune --omit=dev --ignore-scripts

FROM node:24.21.0-bookworm-slim
ARG POSTGRESQL_MAJORS="13 14 15 16 17 18"
ENV DEBIAN_FRONTEND=noninteractive
# age and zstd are what a restore by hand needs; util-linux confines scratch servers; tini passes signals on.
RUN apt-get update \
 && apt-get install -y --no-install-recommends age ca-certificates postgresql-common tini util-linux zstd \
 && echo "create_main_cluster = false" > /etc/postgresql-common/createcluster.conf \
 && /usr/share/postgresql-common/pgdg/apt.postgresql.org.sh -y \
 && for major in $POSTGRESQL_MAJORS; do packages="$packages postgresql-$major"; done \
 && apt-get install -y --no-install-recommends $packages \
 && rm -rf /var/lib/apt/lists/*
RUN groupadd --system --gid 10001 holdfast \
 && useradd --system --uid 10001 --gid holdfast --no-create-home --home-dir /var/lib/holdfast --shell /usr/sbin/nologin holdfast \
 && install -d -o holdfast -g holdfast -m 0700 /var/lib/holdfast /var/lib/holdfast/state /var/lib/holdfast/scratch \
 && ln -s /opt/holdfast/dist/main.js /usr/local/bin/holdfast
WORKDIR /opt/holdfast
COPY --from=build /opt/holdfast/node_modules ./node_modules
COPY --from=build /opt/holdfast/dist ./dist
COPY package.json LICENSE ./
COPY plans ./plans
COPY runbooks ./runbooks
COPY docs ./docs
RUN chmod 0755 dist/main.js
USER holdfast
WORKDIR /etc/holdfast
ENV NODE_ENV=production
EXPOSE 9750 9751
STOPSIGNAL SIGTERM
# The daemon's; the observer listens elsewhere and sets its own in deploy/compose.yaml.
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:9750/healthz').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["tini", "--", "holdfast"]
CMD ["daemon"]
