locals {
  ami = var.ami
}
