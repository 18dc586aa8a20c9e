# Both images are arguments, so that this builds where there is no registry:
# BUILD_IMAGE needs Go and CA certificates, RUNTIME_IMAGE nothing at all.
ARG BUILD_IMAGE=docker.io/library/golang:1.26.8-bookworm@sha256:a688600ca24f8a4d3ca77f95b0dd40704a9fc787c826660eb7ba0b641b8b175d
ARG RUNTIME_IMAGE=scratch

# Go compiles for any platform, so it runs on the one that builds.
FROM --platform=$BUILDPLATFORM ${BUILD_IMAGE} AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=unknown
ARG REVISION=
ARG TARGETOS
ARG TARGETARCH
RUN CGO_ENABLED=0 GOOS=$TARGETOS GOARCH=$TARGETARCH GOFLAGS= go build -trimpath -buildvcs=false \
      -ldflags "-s -w -X github.com/prometheus/common/version.Version=${VERSION} -X github.com/prometheus/common/version.Revision=${REVISION}" \
      -o /equinix_fabric_exporter . \
 && install -d -m 700 /state/equinix_fabric_exporter

FROM ${RUNTIME_IMAGE}
ARG VERSION=unknown
ARG REVISION=
LABEL org.opencontainers.image.title="equinix_fabric_exporter" \
      org.opencontainers.image.description="Prometheus exporter for Equinix Fabric ports" \
      org.opencontainers.image.url="https://github.com/fabric-exporter/equinix_fabric_exporter" \
      org.opencontainers.image.source="https://github.com/fabric-exporter/equinix_fabric_exporter" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /equinix_fabric_exporter /equinix_fabric_exporter
COPY config.example.yml /etc/equinix_fabric_exporter/config.example.yml
# For state.file. A volume that is made here belongs to the user below.
COPY --from=build --chown=65534:65534 /state/ /var/lib/
# Where config.yml is looked for.
WORKDIR /etc/equinix_fabric_exporter
# nobody: the exporter writes nothing but its state and needs no right.
USER 65534:65534
EXPOSE 10345
# Asks /-/healthy: whether the poll loop lives, not whether Equinix answers. With
# TLS or basic auth, override it with the flags that healthcheck needs.
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s CMD ["/equinix_fabric_exporter", "healthcheck"]
ENTRYPOINT ["/equinix_fabric_exporter"]
