"""What puts Envoi on an AWS account: the package, the template, the deployment. Never part of what is deployed."""
