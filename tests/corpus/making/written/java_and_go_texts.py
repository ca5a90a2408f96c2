"""What services in Java (Spring Boot) and Go print, after what their frameworks document."""

SPRING = "{t}  INFO 1 --- [claims] [           main] "


FAILED_PROBE = 'Default STARTUP TCP probe failed 1 time consecutively for container "app" on port 8080. The instance was not started.'


NOT_READY = "The user-provided container failed to start and listen on the port defined provided by the PORT=8080 environment variable within the allocated timeout."


HOST = "claims-h2w6ydq3ma-ew.a.run.app"


GO_HOST = "tiller-9vq3mk2ara-uk.a.run.app"
