"""What would stand on AWS: the package, the template, the policies, the functions as Lambda starts them."""
