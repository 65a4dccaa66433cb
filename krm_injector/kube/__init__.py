"""What Kubernetes defines and Istio only uses; imports nothing of the rest of the project."""
