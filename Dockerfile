# Both images are arguments, so that this builds where there is no registry:
# BUILD_IMAGE needs Go and CA certificates, RUNTIME_IMAGE nothing at all.
ARG BUILD_IMAGE=docker.io/library/golang:1.26
ARG RUNTIME_IMAGE=scratch

FROM ${BUILD_IMAGE} AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=unknown
RUN CGO_ENABLED=0 go build -trimpath -buildvcs=false \
      -ldflags "-s -w -X github.com/prometheus/common/version.Version=${VERSION}" \
      -o /equinix_fabric_exporter .

FROM ${RUNTIME_IMAGE}
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /equinix_fabric_exporter /equinix_fabric_exporter
COPY config.example.yml /etc/equinix_fabric_exporter/config.example.yml
# Where config.yml is looked for.
WORKDIR /etc/equinix_fabric_exporter
# nobody: the exporter writes no file and needs no right.
USER 65534:65534
EXPOSE 10345
# Asks /-/healthy: whether the poll loop lives, not whether Equinix answers. With
# TLS or basic auth, override it with the flags that healthcheck needs.
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s CMD ["/equinix_fabric_exporter", "healthcheck"]
ENTRYPOINT ["/equinix_fabric_exporter"]
