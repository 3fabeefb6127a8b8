# dockerloader's own image: Node, tini and the bundled command. The app comes at run time, from DOCKERLOADER_TARGET.
#
#   docker build -t dockerloader .
#   docker run -d --restart always -v data:/data -e DOCKERLOADER_TARGET=registry.example.com/team/app:stable dockerloader
#
# podman and buildah: add `--format docker`, because the OCI format has no HEALTHCHECK.
# Behind a proxy or mirror: `--secret id=npmrc,src=$HOME/.npmrc` and `--secret id=ca,src=/path/to/ca-bundle.pem`; neither is kept.
ARG NODE_IMAGE=docker.io/library/node:24-bookworm-slim

FROM ${NODE_IMAGE} AS build
WORKDIR /src
COPY package.json package-lock.json ./
COPY scripts/toolchain/package.json scripts/toolchain/
RUN --mount=type=secret,id=npmrc,target=/run/secrets/npmrc \
    --mount=type=secret,id=ca,target=/run/secrets/ca.pem \
    set -eu; \
    if [ -s /run/secrets/npmrc ]; then export NPM_CONFIG_USERCONFIG=/run/secrets/npmrc; fi; \
    if [ -s /run/secrets/ca.pem ]; then export NPM_CONFIG_CAFILE=/run/secrets/ca.pem; fi; \
    npm ci --ignore-scripts --no-audit --no-fund; \
    npm cache clean --force
COPY tsconfig.json tsconfig.build.json LICENSE ./
COPY scripts/build.ts scripts/
COPY scripts/build scripts/build
COPY machines machines
COPY src src
RUN npm run build

FROM ${NODE_IMAGE}
ARG VERSION=0.1.0
LABEL org.opencontainers.image.title="dockerloader" \
      org.opencontainers.image.description="Pulls an image, runs it as a child, tries newer versions on trial and rolls back in place" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="${VERSION}"

# PID 1 is tini: Node reaps no orphans. A base that has it already (the local stand-in of the tests) needs no package index.
RUN set -eu; \
    if [ ! -x /usr/bin/tini ]; then \
      apt-get update; \
      apt-get install -y --no-install-recommends tini; \
      rm -rf /var/lib/apt/lists/* /var/cache/apt/archives/* /var/log/apt /var/log/dpkg.log; \
    fi

COPY package.json LICENSE /opt/dockerloader/
COPY --from=build /src/dist/bin /opt/dockerloader/

# `dockerloader` for apps, scripts and the health check; /bin/cli is the original's name for `dockerloader cli`.
# /data belongs to uid 1000 (the base's user `node`) and to root's group, so that a new volume can be written
# with `--user 1000`, with an arbitrary uid in group 0, and by a root without capabilities.
RUN ln -s /opt/dockerloader/main.js /usr/local/bin/dockerloader \
 && ln -s /opt/dockerloader/main.js /bin/cli \
 && install -d -m 0775 -o 1000 -g 0 /data
VOLUME /data

HEALTHCHECK --interval=30s --timeout=10s --start-period=120s --retries=3 CMD ["dockerloader", "status"]

# No CMD: without arguments this is `dockerloader run`; `docker run IMAGE status --help` reaches any other command.
# Not with `--disable-sigusr1`: Node then blocks that signal, and the app would never get it (the loader passes it on).
ENTRYPOINT ["/usr/bin/tini", "--", "node", "/opt/dockerloader/main.js"]
